-- changes_types
USE it_golden; SET time_zone='+00:00'; SET sql_mode='';
INSERT INTO all_types(id) VALUES (101);
INSERT INTO all_types(id,c_tiny,c_tiny_u,c_tiny1,c_tiny1_u,c_small,c_small_u,c_medium,c_medium_u,c_int,c_int_u,c_int_zf,c_int11,c_big,c_big_u,
 c_dec,c_dec_big,c_dec50,c_dec_plain,c_dec_u,c_num,c_float,c_float73,c_float24,c_float53,c_float_u,c_double,c_double205,c_real,c_double_u,
 c_bit1,c_bit,c_bit10,c_bit64,c_bool,c_date,c_time,c_time3,c_time6,c_dt,c_dt3,c_dt6,c_ts,c_ts3,c_ts6,c_year,c_char,c_char_bin,c_nchar,c_varchar,c_varchar_l1,c_varchar_u3,c_varchar_u16,c_varchar_sjis,c_varchar_ascii,
 c_tinytext,c_text,c_mediumtext,c_longtext,c_binary,c_varbinary,c_tinyblob,c_blob,c_mediumblob,c_longblob,c_json,c_enum,c_set) VALUES
 (102,-128,0,0,0,-32768,0,-8388608,0,-2147483648,0,0,-1,-9223372036854775808,0,
  -99999999.99,-99999999999999999999999999999999999.999999999999999999999999999999,-99999,-9999999999,0,-9999.9999,-3.40282e38,-9999.999,-1.17549e-38,-1.7976931348623157e308,0,-1.7976931348623157e308,-999999999999999.99999,-2.2250738585072014e-308,0,
  b'0',b'0',b'0',b'0',false,'1000-01-01','-838:59:59','-838:59:59.000','-838:59:59.000000','1000-01-01 00:00:00','1000-01-01 00:00:00.000','1000-01-01 00:00:00.000000','1970-01-01 00:00:01','1970-01-01 00:00:01.000','1970-01-01 00:00:01.000000',1901,'','','','','','','','','',
  '','','','','','','','','','','null','a',''),
 (103,127,255,1,1,32767,65535,8388607,16777215,2147483647,4294967295,99999,2147483647,9223372036854775807,18446744073709551615,
  99999999.99,99999999999999999999999999999999999.999999999999999999999999999999,99999,9999999999,99999999.99,9999.9999,3.40282e38,9999.999,1.17549e-38,1.7976931348623157e308,3.40282e38,1.7976931348623157e308,999999999999999.99999,2.2250738585072014e-308,1e10,
  b'1',b'1',b'1111111111',b'1111111111111111111111111111111111111111111111111111111111111111',true,'9999-12-31','838:59:59','838:59:59.000','838:59:59.000000','9999-12-31 23:59:59','9999-12-31 23:59:59.999','9999-12-31 23:59:59.999999','2038-01-19 03:14:07','2038-01-19 03:14:07.999','2038-01-19 03:14:07.999999',2155,
  'zzzzzzzzzz','ZZZZZZZZZZ','zzzzzzzzzz',repeat('ж',50),repeat(_latin1 0xE9,50),repeat('й',50),repeat('é',50),'テスト','~~~',
  repeat('t',255),repeat('T',1000),repeat('m',300),repeat('L',300),0xFFFFFFFFFF,0xFFFFFFFFFFFFFFFFFFFF,repeat(0xFF,255),repeat(0xAB,1000),repeat(0x00,300),repeat(0x01,300),
  '{"a":1,"b":[1,2.5,null,true,false,"x"],"c":{"d":"é😀"},"big":18446744073709551615,"neg":-9223372036854775808,"dbl":1e100,"e":"","f":[],"g":{}}','e,f','x,y,z'),
 (104,42,200,5,2,1234,40000,123456,9000000,123456789,3000000000,42,7,1234567890123,10000000000000000000,
  123.40,1.5,12,12345,0.01,3.1416,3.14159,3.142,0.1,0.1,0.5,2.718281828459045,12345.67891,0.1,0.25,
  b'1',b'0',b'0101010101',b'1000000000000000000000000000000000000000000000000000000000000001',true,'2020-02-29','12:34:56','12:34:56.789','12:34:56.789012','2020-02-29 12:34:56','2020-02-29 12:34:56.789','2020-02-29 12:34:56.789012','2020-02-29 12:34:56','2020-02-29 12:34:56.789','2020-02-29 12:34:56.789012',2020,
  'pad','Pad  ','nchar','héllo wörld 😀','caf\u00e9','привет','utf16 Ω','漢字','plain ascii',
  'tiny\ttab','text with "quotes" and \\ and \n newline','medium','long 😀',0x0102,0x010200,'tb',0x00FF10,'mb','lb',
  '[1, "two", {"three": 3}, 1.0, 1e5, "2020-01-01"]','c''d','x,z'),
 (105,-1,1,-1,255,-1,1,-1,1,-1,1,1,1,-1,1,-0.01,-0.000000000000000000000000000001,-1,0,1.10,-0.5,-0.0,1.005,16777217,16777217,1e-10,-0.0,1.000005,1e22,123456789.123456789,
  b'0',b'1',b'1',b'1',2,'0001-01-01','-00:00:01','-00:00:00.001','-00:00:00.000001','1969-12-31 23:59:59','1969-12-31 23:59:59.999','1969-12-31 23:59:59.999999','2001-09-09 01:46:40','2001-09-09 01:46:40.001','2001-09-09 01:46:40.000001',1970,
  '  lead','trail  ',' ',' ',' ',' ',' ',' ',' ',' ',' ',' ',' ',0x20,0x20,0x20,0x20,0x20,0x20,'"str"','b','y');
INSERT INTO all_types(id,c_json) VALUES (106,'true'),(107,'-12.50'),(108,'{"dup":1,"dup":2,"z":1,"aa":2,"b":3}'),
  (109,JSON_OBJECT('dec',CAST(1.10 AS DECIMAL(10,2)),'date',CAST('2020-01-02' AS DATE),'time',CAST('10:11:12.5' AS TIME(1)),'dt',CAST('2020-01-02 03:04:05.678901' AS DATETIME(6)),'bin',CAST('abc' AS BINARY),'u',CAST(18446744073709551615 AS UNSIGNED))),
  (110,CAST(CAST('2020-01-02' AS DATE) AS JSON));
INSERT INTO zero_dates VALUES
 (101,'0000-00-00','0000-00-00','0000-00-00 00:00:00','0000-00-00 00:00:00','0000-00-00 00:00:00','0000-00-00 00:00:00','0000-00-00 00:00:00','0000-00-00 00:00:00','00:00:00',0000,0000),
 (102,'2020-00-00','2020-01-00','2020-00-00 10:00:00','2020-01-00 10:00:00','2020-00-00 10:00:00.5','2020-01-00 10:00:00.5',NULL,'2020-01-01 00:00:00',NULL,NULL,'70'),
 (103,'2020-02-30','0000-01-01','0000-01-01 00:00:00','0000-01-01 00:00:01','0000-01-01 00:00:00','0000-01-01 00:00:00',NULL,'1970-01-01 00:00:01','24:00:00','69','99');
INSERT INTO geo VALUES (101,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL),
 (102,ST_GeomFromText('POINT(1 2)'),ST_GeomFromText('POINT(1.5 -2.5)'),ST_GeomFromText('LINESTRING(0 0,1 1,2 3)'),ST_GeomFromText('POLYGON((0 0,0 5,5 5,5 0,0 0),(1 1,1 2,2 2,2 1,1 1))'),ST_GeomFromText('MULTIPOINT(0 0,1 1)'),ST_GeomFromText('MULTILINESTRING((0 0,1 1),(2 2,3 3))'),ST_GeomFromText('MULTIPOLYGON(((0 0,0 1,1 1,0 0)),((5 5,5 6,6 6,5 5)))'),ST_GeomFromText('GEOMETRYCOLLECTION(POINT(1 1),LINESTRING(0 0,1 1))'),ST_GeomFromText('POINT(52.5 13.4)',4326));

INSERT INTO all_defaults(id,d_dt_now,d_ts_now,d_uuid,nn_nodefault) VALUES (101,'2020-01-02 03:04:05','2020-01-02 03:04:05.006','00000000-0000-0000-0000-000000000001',0),(102,NULL,NULL,NULL,1);
INSERT INTO no_pk VALUES (2,'y');
UPDATE no_pk SET b='z' WHERE a=2;
DELETE FROM no_pk WHERE a=2;
INSERT INTO uk_only VALUES (2,'y',2);
UPDATE uk_only SET b='yy' WHERE a=2;
UPDATE pk_multi SET v=9 WHERE k1=1;
UPDATE pk_multi SET k2='bb' WHERE k1=1;
DELETE FROM pk_multi WHERE k1=1;
UPDATE pk_dec SET v=3 WHERE k=1.10;
DELETE FROM pk_bin WHERE v=2;
INSERT INTO pk_dt VALUES ('2020-01-01 00:00:00.1','2020-01-01 00:00:00.1');
UPDATE `odd name-€.$x` SET `Sélect`=22;
INSERT INTO empty_table VALUES (1,NULL);
UPDATE types_latin1 SET v='naïve', e='é';
UPDATE all_types SET c_json=JSON_SET(c_json,'$.a',2) WHERE id=103;
UPDATE all_types SET c_int=c_int-1, c_text='changed' WHERE id=104;
UPDATE all_types SET id=1040 WHERE id=104;
DELETE FROM all_types WHERE id=105;

-- changes
USE it_golden; SET time_zone='+00:00'; SET sql_mode='STRICT_TRANS_TABLES,NO_ENGINE_SUBSTITUTION';
INSERT INTO book(id,title,author,price,published,created_ts,updated) VALUES (101,'Inserted','A',10.50,'2021-05-06','2021-05-06 07:08:09','2021-05-06 07:08:09');
INSERT INTO book(id,title,author,price,published,created_ts,updated) VALUES (102,'multi1','B',1,NULL,NULL,'2021-05-06 07:08:10'),(103,'multi2','B',2,NULL,NULL,'2021-05-06 07:08:10');
UPDATE book SET price=11.00, updated='2021-05-06 07:08:11' WHERE id=101;
UPDATE book SET price=price+1, updated='2021-05-06 07:08:12' WHERE id IN (102,103);
UPDATE book SET id=201, updated='2021-05-06 07:08:13' WHERE id=101;
DELETE FROM book WHERE id=201;
DELETE FROM book WHERE id IN (102,103);
BEGIN;
INSERT INTO customers VALUES (2001,'Tx','One','tx1@x');
UPDATE customers SET last_name='Two' WHERE id=2001;
INSERT INTO book(id,title,updated) VALUES (301,'in tx','2021-05-06 07:08:14');
DELETE FROM customers WHERE id=2001;
COMMIT;
BEGIN;
INSERT INTO customers VALUES (2002,'Rolled','Back','rb@x');
ROLLBACK;
BEGIN;
INSERT INTO customers VALUES (2003,'Save','Point','sp@x');
SAVEPOINT s1;
INSERT INTO customers VALUES (2004,'Undone','Point','sp2@x');
ROLLBACK TO SAVEPOINT s1;
COMMIT;
XA START 'x1';
INSERT INTO customers VALUES (2005,'Xa','Tx','xa@x');
XA END 'x1';
XA PREPARE 'x1';
XA COMMIT 'x1';
REPLACE INTO customers VALUES (1004,'Replaced','K','annek@noanswer.org');
INSERT INTO customers VALUES (1003,'Dup','Key','ed@walker.com') ON DUPLICATE KEY UPDATE first_name='OnDup';
UPDATE customers SET first_name=first_name WHERE id=1001;
CREATE TABLE truncated (id INT PRIMARY KEY, v INT);
INSERT INTO truncated VALUES (1,1),(2,2);
TRUNCATE TABLE truncated;
INSERT INTO truncated VALUES (3,3);
DROP TABLE truncated;
ALTER TABLE customers ADD COLUMN phone VARCHAR(20) NULL DEFAULT '0' AFTER email, ADD COLUMN score DECIMAL(6,3) NOT NULL DEFAULT 1.5 FIRST;
INSERT INTO customers(id,first_name,last_name,email,phone) VALUES (3001,'After','Alter','aa@x','123');
UPDATE customers SET phone='555' WHERE id=1001;
ALTER TABLE customers MODIFY COLUMN phone BIGINT NULL DEFAULT NULL, CHANGE COLUMN score points DOUBLE;
UPDATE customers SET points=2.5 WHERE id=1001;
ALTER TABLE customers DROP COLUMN phone, ADD INDEX idx_ln(last_name);
INSERT INTO customers(id,first_name,last_name,email,points) VALUES (3002,'After','Drop','ad@x',NULL);
ALTER TABLE customers RENAME COLUMN points TO pts;
UPDATE customers SET pts=9 WHERE id=3002;
CREATE INDEX idx_fn ON customers(first_name);
RENAME TABLE customers TO clients;
INSERT INTO clients(id,first_name,last_name,email) VALUES (3003,'After','Rename','ar@x');
ALTER TABLE clients RENAME TO customers;
DELETE FROM customers WHERE id=3003;
CREATE TABLE created_later (id BIGINT AUTO_INCREMENT PRIMARY KEY, v VARCHAR(10) CHARACTER SET latin1 DEFAULT 'd', t TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3)) ENGINE=InnoDB;
INSERT INTO created_later(v,t) VALUES ('é','2021-05-06 07:08:09.123');
CREATE TABLE created_like LIKE created_later;
INSERT INTO created_like(v,t) VALUES ('like','2021-05-06 07:08:09.123');
CREATE TABLE created_as SELECT id,title,price FROM book WHERE id<3;
ALTER TABLE created_later DROP PRIMARY KEY, MODIFY id BIGINT, ADD COLUMN newpk VARCHAR(36) NOT NULL DEFAULT 'pk' FIRST, ADD PRIMARY KEY(newpk);
INSERT INTO created_later(newpk,id,v,t) VALUES ('k2',5,'n','2021-05-06 07:08:09.124');
DROP TABLE created_like;
CREATE DATABASE other_db;
CREATE TABLE other_db.t (id INT PRIMARY KEY);
INSERT INTO other_db.t VALUES (1);
DROP DATABASE other_db;
ANALYZE TABLE book;
CREATE USER IF NOT EXISTS 'tmp'@'%';
DROP USER 'tmp'@'%';

